package grpcprocess

import (
	"context"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"
)

// healthService is grpc's health service, but that its watches end when the server
// stops: one would keep a graceful stop for ever.
type healthService struct {
	*health.Server
	stopping context.Context
	cancel   context.CancelFunc
}

func newHealth() *healthService {
	h := &healthService{Server: health.NewServer()}
	h.stopping, h.cancel = context.WithCancel(context.Background())
	return h
}

// register has the server answer with the service, for itself and each service that it
// has, if nobody has registered another.
func (h *healthService) register(srv *grpc.Server) {
	services := srv.GetServiceInfo()
	if _, ok := services[healthpb.Health_ServiceDesc.ServiceName]; ok {
		return
	}
	for name := range services {
		h.SetServingStatus(name, healthpb.HealthCheckResponse_SERVING)
	}
	healthpb.RegisterHealthServer(srv, h)
}

// stop has the service answer NOT_SERVING, and ends the watches.
func (h *healthService) stop() {
	h.Shutdown()
	h.cancel()
}

// Watch tells the states of a service until the client or the server ends it, NOT_SERVING
// last then.
func (h *healthService) Watch(in *healthpb.HealthCheckRequest, stream healthpb.Health_WatchServer) error {
	ctx, cancel := context.WithCancel(stream.Context())
	defer cancel()
	defer context.AfterFunc(h.stopping, cancel)()
	w := &watch{Health_WatchServer: stream, ctx: ctx}
	err := h.Server.Watch(in, w)
	if h.stopping.Err() == nil || stream.Context().Err() != nil {
		return err
	}
	if w.last == healthpb.HealthCheckResponse_SERVING {
		if err := stream.Send(&healthpb.HealthCheckResponse{Status: healthpb.HealthCheckResponse_NOT_SERVING}); err != nil {
			return err
		}
	}
	return status.Error(codes.Unavailable, "the server is stopping")
}

// watch is a stream that remembers what was sent, with a context of its own.
type watch struct {
	healthpb.Health_WatchServer
	ctx  context.Context
	last healthpb.HealthCheckResponse_ServingStatus
}

func (w *watch) Context() context.Context { return w.ctx }

func (w *watch) Send(r *healthpb.HealthCheckResponse) error {
	w.last = r.Status
	return w.Health_WatchServer.Send(r)
}
