package setup

var c = dig.New()
