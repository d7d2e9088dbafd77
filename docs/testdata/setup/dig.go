package setup

var (
	app *container.App
	c   *dig.Container
)

type Config struct{}

func NewConfig() *Config

func RegisterStorage(container.Provider)
func RegisterHTTP(container.Provider)

type Worker struct{ process.Runner }

func (w *Worker) Loop(context.Context) error

type Importer struct{ process.Runner }
type Server struct{ process.Runner }
type Orders struct{ http.Handler }
type Store struct{ process.Runner }
type Telemetry struct{ process.Runner }

func NewOrdersRoute() http.Handler
func NewServer() *Server
func migrate(context.Context, *sql.DB) error
func push(context.Context) error
func stop(context.Context) error
