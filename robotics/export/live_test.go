package export

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"winnow/robotics/episode"
)

// A dataset grows while a robot runs: each episode is recorded step by step and added when it ends.
func TestLiveExport(t *testing.T) {
	dir := t.TempDir()
	w, err := Begin(LeRobotV3, filepath.Join(dir, "out"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Discard()
	for k, n := range []int{4, 2} {
		e := run(t, k, n, jointDims)
		rec, err := episode.NewRecorder(*e)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range e.Steps {
			if err := rec.Add(s); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Add(t.Context(), rec.Episode()); err != nil {
			t.Fatal(err)
		}
		if _, err := os.Lstat(filepath.Join(dir, "out")); err == nil {
			t.Fatal("the dataset is there before it is complete")
		}
	}
	if err := w.Commit(); err != nil {
		t.Fatal(err)
	}
	w.Discard() // after Commit it does nothing
	rows, _ := rowsOf(t, read(t, dir, "out/data/chunk-000/file-000.parquet"))
	checkRows(t, rows[:4], 0, 0)
	checkRows(t, rows[4:], 1, 4)
}

func TestAPlaceTakenMeanwhileIsNotOverwritten(t *testing.T) {
	dir := t.TempDir()
	w, err := Begin(LeRobotV21, filepath.Join(dir, "out"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(w.Add(t.Context(), run(t, 0, 2, jointDims)), os.MkdirAll(filepath.Join(dir, "out", "theirs"), 0o755)); err != nil {
		t.Fatal(err)
	}
	if err := w.Commit(); err == nil || !strings.Contains(err.Error(), "holds something already") {
		t.Error(err)
	}
	if got := left(t, dir); len(got) != 1 || len(left(t, filepath.Join(dir, "out"))) != 1 {
		t.Errorf("left %v", got)
	}
}

func TestAnEmptyFolderMayBeChosen(t *testing.T) {
	dir := t.TempDir()
	if err := Write(t.Context(), LeRobotV3, dir, Memory(run(t, 0, 2, jointDims)), Options{}); err != nil {
		t.Fatal(err)
	}
	if got := left(t, dir); len(got) != 2 {
		t.Errorf("the dataset has %v", got)
	}
}

func TestAFolderThatGoesAwayMeanwhileIsASentence(t *testing.T) {
	for _, format := range Formats() {
		dir := filepath.Join(t.TempDir(), "stick")
		if err := os.Mkdir(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		w, err := Begin(format, filepath.Join(dir, "out"), Options{})
		if err != nil {
			t.Fatal(err)
		}
		if err := os.RemoveAll(dir); err != nil {
			t.Fatal(err)
		}
		err = errors.Join(w.Add(t.Context(), run(t, 0, 2, jointDims)), w.Commit())
		if err == nil || !strings.Contains(err.Error(), "was not written") {
			t.Errorf("%s: %v", format, err)
		}
		if _, err := os.Lstat(dir); err == nil {
			t.Errorf("%s made the folder again", format)
		}
	}
}
