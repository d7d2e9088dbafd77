package setup

var cfg int

func newApp(int) *container.App

var t *testing.T
