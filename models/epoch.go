package models

// Epoch is the time through which the cache has kept everything that it was told. It ends whenever the cache
// may have forgotten something (a restart, a failover, a flush), and what was cached in an earlier one counts
// for nothing. The database holds the present one, so that there is one truth about it.
type Epoch struct {
	ID     int64  `gorm:"primaryKey"` // always EpochID: there is one row
	Name   string // random; empty before the first
	Holder string // which cache servers, in which run, hold it
	// Since is when confirmations begin to count. Where a replica took over, readers may still be with its
	// old master for as long as a heartbeat lives.
	Since Instant
}

// EpochID is the id of the one row.
const EpochID = 1

// TableName says what the epoch is of.
func (Epoch) TableName() string { return "cache_epochs" }
