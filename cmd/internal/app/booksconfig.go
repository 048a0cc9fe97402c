package app

import "time"

// Ledger is how long the ledger's frames are kept.
type Ledger struct {
	Keep time.Duration `koanf:"keep"` // 0: for ever
}

// Retention is how long the rows of PostgreSQL are kept, by the Indian day of their message. Counts by day stay for ever.
type Retention struct {
	Messages time.Duration `koanf:"messages"`
	Receipts time.Duration `koanf:"receipts"`
}

// Keys says where the master key is; at most one of the three. None: keys/master.key in the data folder.
type Keys struct {
	MasterFile       string `koanf:"master_file"`
	MasterEnv        string `koanf:"master_env"`
	MasterCredential string `koanf:"master_credential"` // systemd's, in $CREDENTIALS_DIRECTORY
}

// Projection is how far PostgreSQL may be behind the ledger before that is an alarm.
type Projection struct {
	LagAlert time.Duration `koanf:"lag_alert"`
}

const day = 24 * time.Hour

// keepDays is how long everything is kept by default. The Digital Personal Data Protection Rules, 2025 ask for logs and
// personal data of processing for a year at least (rules 6 and 8(3)), CERT-In's directions of 28 April 2022 for logs of 180
// days; 35 days more let the last month's bills be disputed.
const keepDays = 400

func (c *Config) booksDefaults(at *lines) {
	fill(at, "ledger.keep", &c.Ledger.Keep, keepDays*day)
	fill(at, "retention.messages", &c.Retention.Messages, keepDays*day)
	fill(at, "retention.receipts", &c.Retention.Receipts, keepDays*day)
	fill(at, "projection.lag_alert", &c.Projection.LagAlert, 30*time.Second)
}

// leastKept is the shortest time that rows are kept: receipts come within three days, and are looked for within seven.
const leastKept = 8 * day

func (c *Config) checkBooks(at *lines) {
	if c.Ledger.Keep != 0 {
		atLeast(at, "ledger.keep", c.Ledger.Keep, leastKept)
	}
	atLeast(at, "retention.messages", c.Retention.Messages, leastKept)
	atLeast(at, "retention.receipts", c.Retention.Receipts, leastKept)
	atLeast(at, "projection.lag_alert", c.Projection.LagAlert, time.Second)
	given := 0
	for _, source := range []string{c.Keys.MasterFile, c.Keys.MasterEnv, c.Keys.MasterCredential} {
		if source != "" {
			given++
		}
	}
	if given > 1 {
		at.add("keys", "the master key comes from one place: set one of master_file, master_env and master_credential")
	}
}
