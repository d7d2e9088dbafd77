package setup

type Config struct{}

func NewConfig() *Config

func RegisterStorage(container.Provider)
func RegisterHTTP(container.Provider)
