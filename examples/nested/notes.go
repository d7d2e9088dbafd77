package main

import (
	"context"
	"database/sql"
	"fmt"
	"io"
	"net/http"

	"go.uber.org/zap"

	"github.com/strata-go/strata/process"
	"github.com/strata-go/strata/process/httpprocess"
)

// What follows is what a tenant is made of. Nothing in it knows of a host.

// Notes are those of one tenant.
type Notes struct {
	tenant string
	db     *sql.DB
}

func NewNotes(settings Settings, db *sql.DB) *Notes { return &Notes{settings.Name, db} }

func (n *Notes) Add(ctx context.Context, note string) error {
	_, err := n.db.ExecContext(ctx, `INSERT INTO notes VALUES (?, ?)`, n.tenant, note)
	return err
}

func (n *Notes) Count(ctx context.Context) (count int, err error) {
	err = n.db.QueryRowContext(ctx, `SELECT count(*) FROM notes WHERE tenant = ?`, n.tenant).Scan(&count)
	return count, err
}

// Writer writes notes down, one after the other. It has a bug, to show what becomes of
// the others: it panics at the note "crash".
type Writer struct{ *process.Pool[string] }

func NewWriter(notes *Notes) *Writer {
	return &Writer{process.NewPool(1, 100, func(ctx context.Context, note string) error {
		if note == "crash" {
			panic("a bug")
		}
		return notes.Add(ctx, note)
	})}
}

// Server takes notes, and tells how many there are.
type Server struct {
	*httpprocess.Listener
	log *zap.Logger
}

func NewServer(settings Settings, notes *Notes, writer *Writer, log *zap.Logger) *Server {
	routes := http.NewServeMux()
	routes.HandleFunc("POST /notes", func(w http.ResponseWriter, r *http.Request) {
		note, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<10))
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		if err := writer.Submit(r.Context(), string(note)); err != nil {
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
			return
		}
		w.WriteHeader(http.StatusAccepted)
	})
	routes.HandleFunc("GET /notes", func(w http.ResponseWriter, r *http.Request) {
		count, err := notes.Count(r.Context())
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		fmt.Fprintln(w, count)
	})
	return &Server{httpprocess.ListenAndServe(&http.Server{Addr: settings.Address, Handler: routes}), log}
}

func (s *Server) Run(ctx context.Context, callback process.Callback) error {
	return s.Listener.Run(ctx, func(ctx context.Context) error {
		s.log.Info("listening", zap.Stringer("address", s.Addr()))
		return callback(ctx)
	})
}
