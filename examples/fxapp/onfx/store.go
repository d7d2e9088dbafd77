package main

import (
	"go.uber.org/fx"
	"go.uber.org/zap"

	"github.com/strata-go/strata/examples/fxapp/settings"
	"github.com/strata-go/strata/examples/fxapp/store"
)

func NewStore(lc fx.Lifecycle, cfg settings.Settings, log *zap.Logger) (*store.Store, error) {
	db, err := store.Open(cfg.Database, log)
	if err != nil {
		return nil, err
	}
	lc.Append(fx.StartStopHook(db.Migrate, db.Close))
	return db, nil
}
