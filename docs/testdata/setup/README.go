package setup

type Config struct{}

func NewConfig() *Config

type Database struct{ process.Runner }

func NewDatabase(*Config) *Database

type Server struct{ process.Runner }

func NewServer(*Database) *Server

type Consumer struct{ messages chan string }

func (c *Consumer) connect(context.Context) error
func (c *Consumer) handle(context.Context, string)
func (c *Consumer) close() error
