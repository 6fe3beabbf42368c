package export

import (
	"fmt"
	"maps"
	"os"
	"slices"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress/snappy"
)

// table writes one Parquet file whose columns are known only at run time. A cell's Go type decides
// how its column is stored:
//
//	int64, float32, float64, bool, string       required scalar
//	[]float32, []float64, []int64, []bool, []string    LIST of required elements
//	encoded                                     group {bytes, path}: how LeRobot keeps an image
//	channels                                    LIST of LIST of LIST of double, shape (3,1,1)
//
// parquet-go sorts columns by name; all readers here go by names.
type table struct {
	f     *os.File
	w     *parquet.GenericWriter[any]
	names []string // sorted, as the columns lie in the file
}

type encoded struct {
	bytes []byte
	path  string
}

type channels [3]float64

// node is the Parquet type of a cell. Whole numbers and texts repeat and get a dictionary.
func node(cell any) parquet.Node {
	dictionary := func(n parquet.Node) parquet.Node { return parquet.Encoded(n, &parquet.RLEDictionary) }
	double := parquet.Leaf(parquet.DoubleType)
	switch cell.(type) {
	case int64:
		return dictionary(parquet.Int(64))
	case float32:
		return parquet.Leaf(parquet.FloatType)
	case float64:
		return double
	case bool:
		return parquet.Leaf(parquet.BooleanType)
	case string:
		return dictionary(parquet.String())
	case []float32:
		return parquet.List(parquet.Leaf(parquet.FloatType))
	case []float64:
		return parquet.List(double)
	case []int64:
		return parquet.List(dictionary(parquet.Int(64)))
	case []bool:
		return parquet.List(parquet.Leaf(parquet.BooleanType))
	case []string:
		return parquet.List(dictionary(parquet.String()))
	case encoded:
		return parquet.Optional(parquet.Group{
			"bytes": parquet.Optional(parquet.Encoded(parquet.Leaf(parquet.ByteArrayType), &parquet.Plain)),
			"path":  parquet.Optional(parquet.String()),
		})
	case channels:
		return parquet.List(parquet.List(parquet.List(double)))
	}
	panic(fmt.Sprintf("export: a table has no column for %T", cell))
}

// newTable takes its columns from a first row, and key-value pairs for the footer.
func newTable(root, name string, first map[string]any, footer map[string]string) (*table, error) {
	f, err := create(root, name)
	if err != nil {
		return nil, err
	}
	group := parquet.Group{}
	options := []parquet.WriterOption{
		parquet.NewSchema("schema", group), parquet.Compression(&snappy.Codec{}),
		parquet.CreatedBy("winnow", "1", "go"),
		// Else the head of every page repeats its least and greatest value, pictures whole, four times.
		parquet.DataPageStatistics(false),
	}
	for column, cell := range first {
		group[column] = node(cell)
		if _, picture := cell.(encoded); picture {
			// Nor has the row group a least and a greatest picture.
			options = append(options, parquet.SkipPageBounds(column, "bytes"))
		}
	}
	for key, value := range footer {
		options = append(options, parquet.KeyValueMetadata(key, value))
	}
	return &table{f: f, w: parquet.NewGenericWriter[any](f, options...), names: slices.Sorted(maps.Keys(first))}, nil
}

func (t *table) write(row map[string]any) error {
	var out parquet.Row
	leaf := 0
	for _, name := range t.names {
		out, leaf = cells(out, leaf, row[name])
	}
	_, err := t.w.WriteRows([]parquet.Row{out})
	return err
}

// endGroup ends a row group, so that a reader can fetch one episode.
func (t *table) endGroup() error { return t.w.Flush() }

// size is what lies on disk so far, and the open row group as it is before compression.
func (t *table) size() int64 { return t.w.Size() }

func (t *table) finish() error {
	if err := t.w.Close(); err != nil {
		return err
	}
	return t.f.Close()
}

func (t *table) close() { t.f.Close() }

// cells appends the values of one cell and returns the next leaf column. The levels are Parquet's:
// repetition 0 begins a row, definition counts the repeated and optional groups that are there.
func cells(row parquet.Row, leaf int, cell any) (parquet.Row, int) {
	one := func(v any) (parquet.Row, int) {
		return append(row, parquet.ValueOf(v).Level(0, 0, leaf)), leaf + 1
	}
	switch c := cell.(type) {
	case []float32:
		return list(row, leaf, c)
	case []float64:
		return list(row, leaf, c)
	case []int64:
		return list(row, leaf, c)
	case []bool:
		return list(row, leaf, c)
	case []string:
		return list(row, leaf, c)
	case encoded:
		return append(row, parquet.ByteArrayValue(c.bytes).Level(0, 2, leaf),
			parquet.ValueOf(c.path).Level(0, 2, leaf+1)), leaf + 2
	case channels:
		for i, v := range c {
			row = append(row, parquet.DoubleValue(v).Level(min(i, 1), 3, leaf))
		}
		return row, leaf + 1
	}
	return one(cell)
}

func list[T any](row parquet.Row, leaf int, values []T) (parquet.Row, int) {
	if len(values) == 0 {
		return append(row, parquet.NullValue().Level(0, 0, leaf)), leaf + 1
	}
	for i, v := range values {
		row = append(row, parquet.ValueOf(v).Level(min(i, 1), 1, leaf))
	}
	return row, leaf + 1
}
