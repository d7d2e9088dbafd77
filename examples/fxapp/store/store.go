// Package store keeps the messages.
package store

import (
	"context"
	"database/sql"
	"errors"

	_ "github.com/ncruces/go-sqlite3/driver"
	"go.uber.org/zap"
)

// Message is one that was taken in. It is delivered when there is a receipt.
type Message struct {
	ID      int64  `json:"id"`
	Text    string `json:"text"`
	Receipt string `json:"receipt,omitempty"`
}

// Store is the table of messages.
type Store struct {
	db  *sql.DB
	log *zap.Logger
}

// Open returns the store in a file. It does not touch the file yet.
func Open(path string, log *zap.Logger) (*Store, error) {
	db, err := sql.Open("sqlite3", "file:"+path)
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1) // one writer, and one :memory:
	return &Store{db, log}, nil
}

// Migrate makes the table, unless it is there.
func (s *Store) Migrate(ctx context.Context) error {
	_, err := s.db.ExecContext(ctx, `CREATE TABLE IF NOT EXISTS messages
		(id INTEGER PRIMARY KEY, text TEXT NOT NULL, receipt TEXT NOT NULL DEFAULT '')`)
	if err == nil {
		s.log.Info("store open")
	}
	return err
}

func (s *Store) Close() error {
	s.log.Info("store closed")
	return s.db.Close()
}

func (s *Store) Add(ctx context.Context, text string) (id int64, err error) {
	err = s.db.QueryRowContext(ctx, `INSERT INTO messages (text) VALUES (?) RETURNING id`, text).Scan(&id)
	return id, err
}

// Next returns the oldest message that is not delivered.
func (s *Store) Next(ctx context.Context) (m Message, ok bool, err error) {
	err = s.db.QueryRowContext(ctx, `SELECT id, text FROM messages WHERE receipt = '' ORDER BY id LIMIT 1`).
		Scan(&m.ID, &m.Text)
	if errors.Is(err, sql.ErrNoRows) {
		return m, false, nil
	}
	return m, err == nil, err
}

func (s *Store) Delivered(ctx context.Context, id int64, receipt string) error {
	_, err := s.db.ExecContext(ctx, `UPDATE messages SET receipt = ? WHERE id = ?`, receipt, id)
	return err
}

func (s *Store) All(ctx context.Context) ([]Message, error) {
	rows, err := s.db.QueryContext(ctx, `SELECT id, text, receipt FROM messages ORDER BY id`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	messages := []Message{}
	for rows.Next() {
		var m Message
		if err := rows.Scan(&m.ID, &m.Text, &m.Receipt); err != nil {
			return nil, err
		}
		messages = append(messages, m)
	}
	return messages, rows.Err()
}
