package table

import (
	"encoding/json"
	"io"
	"maps"
	"slices"
	"strconv"

	"github.com/apache/iceberg-go"
	icetable "github.com/apache/iceberg-go/table"
	"github.com/google/uuid"

	"kiroku/internal/event"
)

// metadataHead is metadata.json without its snapshots (Iceberg spec, "Table Metadata Fields", format version 2).
type metadataHead struct {
	FormatVersion      int                                `json:"format-version"`
	UUID               uuid.UUID                          `json:"table-uuid"`
	Location           string                             `json:"location"`
	LastSequenceNumber int64                              `json:"last-sequence-number"`
	LastUpdatedMS      int64                              `json:"last-updated-ms"`
	LastColumnID       int                                `json:"last-column-id"`
	Schemas            []*iceberg.Schema                  `json:"schemas"`
	CurrentSchemaID    int                                `json:"current-schema-id"`
	Specs              []iceberg.PartitionSpec            `json:"partition-specs"`
	DefaultSpecID      int                                `json:"default-spec-id"`
	LastPartitionID    *int                               `json:"last-partition-id,omitempty"`
	SortOrders         []icetable.SortOrder               `json:"sort-orders"`
	DefaultSortOrderID int                                `json:"default-sort-order-id"`
	Properties         iceberg.Properties                 `json:"properties,omitempty"`
	CurrentSnapshotID  *int64                             `json:"current-snapshot-id,omitempty"`
	Refs               map[string]icetable.SnapshotRef    `json:"refs,omitempty"`
	SnapshotLog        []icetable.SnapshotLogEntry        `json:"snapshot-log,omitempty"`
	MetadataLog        []icetable.MetadataLogEntry        `json:"metadata-log,omitempty"`
	Statistics         []icetable.StatisticsFile          `json:"statistics,omitempty"`
	PartitionStats     []icetable.PartitionStatisticsFile `json:"partition-statistics,omitempty"`
}

func headOf(meta icetable.Metadata) metadataHead {
	h := metadataHead{
		FormatVersion: meta.Version(), UUID: meta.TableUUID(), Location: meta.Location(),
		LastSequenceNumber: meta.LastSequenceNumber(), LastUpdatedMS: meta.LastUpdatedMillis(), LastColumnID: meta.LastColumnID(),
		Schemas: meta.Schemas(), CurrentSchemaID: meta.CurrentSchema().ID,
		Specs: meta.PartitionSpecs(), DefaultSpecID: meta.DefaultPartitionSpec(), LastPartitionID: meta.LastPartitionSpecID(),
		SortOrders: meta.SortOrders(), DefaultSortOrderID: meta.DefaultSortOrder(), Properties: meta.Properties(),
		Refs: maps.Collect(meta.Refs()), SnapshotLog: slices.Collect(meta.SnapshotLogs()),
		MetadataLog: slices.Collect(meta.PreviousFiles()),
		Statistics:  slices.Collect(meta.Statistics()), PartitionStats: slices.Collect(meta.PartitionStatistics()),
	}
	if snap := meta.CurrentSnapshot(); snap != nil {
		h.CurrentSnapshotID = &snap.SnapshotID
	}
	return h
}

// encodeMetadata writes metadata.json. The library's own encoder passes every snapshot through encoding/json four times;
// with a day of snapshots that is most of a commit. What it writes means the same.
func encodeMetadata(w io.Writer, meta icetable.Metadata) error {
	if meta.Version() != 2 { // another program raised it: the library knows the fields of later versions
		return json.NewEncoder(w).Encode(meta)
	}
	b, err := json.Marshal(headOf(meta))
	if err != nil {
		return err
	}
	snapshots := meta.Snapshots()
	b = slices.Grow(b, len(snapshots)*snapshotBytes)
	b = append(b[:len(b)-1], `,"snapshots":[`...)
	for i := range snapshots {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendSnapshot(b, &snapshots[i])
	}
	_, err = w.Write(append(b, "]}\n"...))
	return err
}

// snapshotBytes is about what a snapshot takes.
const snapshotBytes = 1024

func appendSnapshot(b []byte, s *icetable.Snapshot) []byte {
	b = append(b, `{"snapshot-id":`...)
	b = strconv.AppendInt(b, s.SnapshotID, 10)
	if s.ParentSnapshotID != nil {
		b = append(b, `,"parent-snapshot-id":`...)
		b = strconv.AppendInt(b, *s.ParentSnapshotID, 10)
	}
	b = append(b, `,"sequence-number":`...)
	b = strconv.AppendInt(b, s.SequenceNumber, 10)
	b = append(b, `,"timestamp-ms":`...)
	b = strconv.AppendInt(b, s.TimestampMs, 10)
	b = append(b, `,"manifest-list":`...)
	b = event.AppendJSONString(b, s.ManifestList)
	if s.SchemaID != nil {
		b = append(b, `,"schema-id":`...)
		b = strconv.AppendInt(b, int64(*s.SchemaID), 10)
	}
	if s.Summary != nil {
		b = append(b, `,"summary":{"operation":`...)
		b = event.AppendJSONString(b, string(s.Summary.Operation))
		for _, key := range slices.Sorted(maps.Keys(s.Summary.Properties)) {
			b = append(b, ',')
			b = event.AppendJSONString(b, key)
			b = append(b, ':')
			b = event.AppendJSONString(b, s.Summary.Properties[key])
		}
		b = append(b, '}')
	}
	return append(b, '}')
}
