package main

import (
	"go.uber.org/zap"

	"github.com/strata-go/strata/examples/fxapp/settings"
	"github.com/strata-go/strata/examples/fxapp/store"
	"github.com/strata-go/strata/hooks"
)

func NewStore(lc hooks.Lifecycle, cfg settings.Settings, log *zap.Logger) (*store.Store, error) {
	db, err := store.Open(cfg.Database, log)
	if err != nil {
		return nil, err
	}
	lc.Append(hooks.StartStopHook(db.Migrate, db.Close))
	return db, nil
}
