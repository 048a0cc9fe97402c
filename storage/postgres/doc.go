// Package postgres keeps a private PostgreSQL cluster for those who have none to point at: made with the machine's own
// PostgreSQL, in one folder, on a Unix socket only, with a generated password.
//
//	<data>/postgres/        the cluster (initdb with checksums); server.log is the server's own log
//	<data>/run/             the socket
//	<data>/postgres.dsn     how to connect, for psql and lib/pq (mode 0600)
//	<data>/postgres.lock    held shared by every process that uses the cluster
//	<data>/postgres.start   held while a process starts or stops the server
//
// The server outlives the death of whoever started it: the next Start finds it and uses it. It is stopped by the
// last user's Stop, never before. Start and Stop take postgres.start exclusively, so that between "nobody else uses
// it" and "it is down" nobody can begin to use it.
//
// PostgreSQL refuses to run as root. Root therefore runs it as the user postgres, or nobody where there is none.
package postgres
