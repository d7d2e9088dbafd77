// Package sender has the ways in which a message is delivered.
package sender

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"

	"go.uber.org/zap"

	"github.com/strata-go/strata/examples/fxapp/settings"
)

// Log writes messages to the log.
type Log struct{ log *zap.Logger }

func NewLog(log *zap.Logger) *Log { return &Log{log} }

func (l *Log) Connect(context.Context) error { return nil }

func (l *Log) Send(_ context.Context, text string) (receipt string, err error) {
	l.log.Info("message", zap.String("text", text))
	return "logged", nil
}

// Relay posts messages to a URL.
type Relay struct{ url string }

func NewRelay(s settings.Settings) *Relay { return &Relay{s.Relay} }

// Connect asks the relay whether it is there, and waits for its answer.
func (r *Relay) Connect(ctx context.Context) error {
	if r.url == "" {
		return nil
	}
	_, err := r.do(ctx, http.MethodGet, "")
	return err
}

func (r *Relay) Send(ctx context.Context, text string) (receipt string, err error) {
	if r.url == "" {
		return "no relay", nil
	}
	answer, err := r.do(ctx, http.MethodPost, text)
	if err != nil {
		return "", err
	}
	return strings.Fields(answer)[1], nil // a bug: an answer without a second word is a panic
}

func (r *Relay) do(ctx context.Context, method, text string) (answer string, err error) {
	request, err := http.NewRequestWithContext(ctx, method, r.url, strings.NewReader(text))
	if err != nil {
		return "", err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("relay: %s", response.Status)
	}
	return string(body), err
}
