// Package systemd tells systemd how an application starts and stops, so that a unit
// file with Type=notify works: what is ordered after the service waits until every unit
// of the application is ready, a slow start that makes progress is not killed, a
// process that hangs is, and "systemctl status" says what is waited for.
//
//	app := container.New(container.WithObserver(systemd.New()))
//
// A [Notifier] is an observer. It sends the messages of sd_notify(3) to the socket that
// systemd names in NOTIFY_SOCKET:
//
//	READY=1              every unit is ready (hooks.AppStarted)
//	STOPPING=1           the application begins to stop, for whatever reason (hooks.AppStopping)
//	STATUS=              what has been done and what is waited for, and in the end the result
//	EXTEND_TIMEOUT_USEC= at each step of the start and of the stop: 30 s more for the next
//	WATCHDOG=1           twice in each WatchdogSec=, as long as the application is live
//
// Where nobody set NOTIFY_SOCKET, as on a developer's machine, it does nothing.
//
// # Time limits
//
// A step is a constructor that returned, a unit that became ready, or a unit that
// ended. Each gives the application at least 30 s from then on, whatever
// TimeoutStartSec= and TimeoutStopSec= say; it never shortens them. So a start of many
// steps may take as long as it needs, and one that hangs is ended by systemd when its
// own limit is over and nothing has happened for 30 s: time enough for one step of most
// services, the slow ones included, and not so much that a hang goes unnoticed for
// long. While the application runs nothing is extended: RuntimeMaxSec= and WatchdogSec=
// keep their meaning.
//
// # Watchdog
//
// If the unit file has WatchdogSec=, the application is live from hooks.AppStarting on,
// after which its end is certain to be told, until it has ended (hooks.AppStopped) or
// was given up (hooks.Stuck). While it starts and while it stops it has to be heard of
// as well: it tells every five seconds what it waits for, and when it has told nothing
// for 15 s, the drain delay not counted, the pings end until it does. Whoever waits for
// a slow unit is live: that a stop takes too long is for the limits of the application
// and for TimeoutStopSec= to say. While the application runs it has nothing to tell,
// and a ping says that the process is there and that its goroutines get to run.
//
// # Child processes
//
// The environment is read once, by [New], and left as it is: child processes inherit
// NOTIFY_SOCKET. With NotifyAccess=main, which is what Type=notify implies, systemd
// does not listen to them. To hide it from them nevertheless, call
// os.Unsetenv("NOTIFY_SOCKET") after [New].
package systemd
