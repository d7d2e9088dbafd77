package store

import (
	"path/filepath"
	"strings"
	"testing"
)

func TestMigrationsAreTakenOnce(t *testing.T) {
	db, err := connect(filepath.Join(t.TempDir(), "shop.db"), 1)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()

	for range 2 {
		if err := migrate(t.Context(), db); err != nil {
			t.Fatal(err)
		}
	}
}

func TestDatabaseOfANewerProgramIsRefused(t *testing.T) {
	db, err := connect(filepath.Join(t.TempDir(), "shop.db"), 1)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec(`PRAGMA user_version = 1000`); err != nil {
		t.Fatal(err)
	}

	err = migrate(t.Context(), db)

	if err == nil || !strings.Contains(err.Error(), "newer than this program") {
		t.Errorf("error = %v", err)
	}
}
