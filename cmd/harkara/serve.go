package main

import (
	"fmt"
	"io"
	"log/slog"

	"github.com/spf13/cobra"

	"harkara/cmd/internal/app"
)

func serveCommand() *cobra.Command {
	var file string
	cmd := &cobra.Command{
		Use:   "serve --config FILE",
		Short: "Run the gateway until SIGTERM, then drain",
		Args:  exactly(0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := app.Load(file)
			if err != nil {
				return err
			}
			app.TuneMemory()
			gateway, err := app.Open(cmd.Context(), cfg, newLog(cmd.ErrOrStderr(), slog.LevelInfo))
			if err != nil {
				return err
			}
			return gateway.Run(cmd.Context(), func() { fmt.Fprintln(cmd.ErrOrStderr(), "ready") })
		},
	}
	configFlag(cmd, &file)
	need(cmd, "config")
	return cmd
}

func newLog(w io.Writer, level slog.Level) *slog.Logger {
	return slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: level}))
}
