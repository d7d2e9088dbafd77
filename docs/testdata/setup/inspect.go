package setup

var app *container.App

func NewAdmin(*container.App) *httpprocess.Listener
