package stand

import (
	"bufio"
	"encoding/csv"
	"fmt"
	"io"
	"os"
	"time"

	"yanzheng/internal/demo"
	"yanzheng/internal/register"
	"yanzheng/models"
)

// Number is the certificate number of the i-th of the people that WritePeople makes up, from 1.
func Number(i int) string { return fmt.Sprintf("T%07d", i) }

// WritePeople writes an import file of n made-up registrations.
func WritePeople(path string, n int) error {
	f, err := os.Create(path) //nolint:gosec // below the stand's folder
	if err != nil {
		return err
	}
	defer f.Close()
	return People(f, n, 7, "T")
}

// People writes n made-up registrations as CSV; every certificate number begins with prefix.
func People(to io.Writer, n int, seed uint64, prefix string) error {
	buffered := bufio.NewWriterSize(to, 1<<20)
	w := csv.NewWriter(buffered)
	columns := append(append([]string{}, register.RequiredColumns...), register.OptionalColumns...)
	if err := w.Write(columns); err != nil {
		return err
	}
	maker := demo.NewMaker(seed, prefix, models.DateOf(time.Now()))
	for range n {
		r := maker.Registration()
		if err := w.Write(register.Cells(&r)); err != nil {
			return err
		}
	}
	w.Flush()
	if err := w.Error(); err != nil {
		return err
	}
	return buffered.Flush()
}
