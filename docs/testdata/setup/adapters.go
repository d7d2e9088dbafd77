package setup

func NewDB() (*sql.DB, error)

type Consumer struct{}

func (c *Consumer) Start() error
func (c *Consumer) Stop()

func NewConsumer(*sql.DB) *Consumer
