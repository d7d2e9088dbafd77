package systemd

import (
	"fmt"
	"net"
	"time"
)

// socket is the address of a datagram socket in the file system or, after an @, in
// Linux' abstract namespace.
type socket string

// patience is how long a message may take to send: systemd's queue has room for some
// hundred, so this passes only if systemd does not get to read them.
const patience = 2 * time.Second

// send sends a datagram. It opens the socket anew each time, as sd_notify(3) does, so
// that nothing has to be closed. daemon.SdNotify is no choice: it looks the address up
// in the environment each time, and waits for ever for a queue that is full.
func (s socket) send(datagram string) error {
	conn, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Net: "unixgram", Name: string(s)})
	if err != nil {
		return fmt.Errorf("NOTIFY_SOCKET: %w", err)
	}
	defer conn.Close()
	if err := conn.SetWriteDeadline(time.Now().Add(patience)); err != nil {
		return fmt.Errorf("NOTIFY_SOCKET: %w", err)
	}
	if _, err := conn.Write([]byte(datagram)); err != nil {
		return fmt.Errorf("NOTIFY_SOCKET: %w", err)
	}
	return nil
}
