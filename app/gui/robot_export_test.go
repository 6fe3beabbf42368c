package gui

import (
	"bytes"
	"encoding/csv"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"winnow/robotics/export"
)

func TestEpisodesAreExported(t *testing.T) {
	b := robotBench(t, &fakeRobot{})
	b.robot.ui.episodes.SetText("2")
	b.act()
	if got := b.robot.exportName(); got != "table-put-plate-cogvla-4-8m" {
		t.Errorf("name %q", got)
	}
	dir := t.TempDir()
	for _, e := range exports {
		path := filepath.Join(dir, "out"+strings.ReplaceAll(string(e.format), ".", "")+e.ext)
		b.robot.writeFolder(e.format, path, b.robot.state())
		b.until(string(e.format)+" is written", func() bool { _, err := os.Stat(path); return err == nil && b.robot.writing == nil })
	}
	b.settle()
	if got := b.ui.banner.Text(); got != "" {
		t.Errorf("banner %q", got)
	}
	text, err := os.ReadFile(filepath.Join(dir, "outcsv.csv"))
	if err != nil {
		t.Fatal(err)
	}
	if rows, err := csv.NewReader(bytes.NewReader(text)).ReadAll(); err != nil || len(rows) != 1+2*fakeSteps {
		t.Errorf("CSV: %d lines, %v", len(rows), err)
	}
	for _, name := range []string{"meta/info.json", "data/chunk-000/file-000.parquet"} {
		if info, err := os.Stat(filepath.Join(dir, "outlerobot-v30", name)); err != nil || info.Size() == 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestExportThatCannotBeWrittenIsSaid(t *testing.T) {
	b := robotBench(t, &fakeRobot{})
	b.robot.chooseExport(export.LeRobotV3)
	if got := b.ui.banner.Text(); !strings.HasPrefix(got, "There is no episode to export yet") {
		t.Errorf("banner %q", got)
	}
	if !b.robot.ui.formats[0].Disabled() {
		t.Error("nothing can be exported, and it is offered")
	}
	b.act()
	if b.robot.ui.formats[0].Disabled() {
		t.Error("an episode is there, and its export is not offered")
	}
	b.robot.writeFolder(export.LeRobotV3, filepath.Join(t.TempDir(), "gone", "x"), b.robot.state())
	b.until("the failure is said", func() bool { return strings.Contains(b.ui.banner.Text(), "was not written") })
	if b.robot.writing != nil || !b.robot.ui.exportButtons.Visible() {
		t.Error("a failed export still runs")
	}
}

func TestExportIsCancelled(t *testing.T) {
	b := robotBench(t, &fakeRobot{side: 256})
	b.robot.ui.episodes.SetText("10")
	b.act()
	path := filepath.Join(t.TempDir(), "set")
	b.robot.writeFolder(export.LeRobotV3, path, b.robot.state())
	b.until("it is being written", func() bool { return b.robot.writing != nil })
	if !b.robot.ui.exportRunning.Visible() || !strings.HasPrefix(b.robot.ui.exported.Text(), "Writing") {
		t.Errorf("the card says %q", b.robot.ui.exported.Text())
	}
	b.robot.stopWriting()
	b.until("it has ended", func() bool { return strings.Contains(b.ui.banner.Text(), "cancelled") })
	if _, err := os.Stat(path); err == nil || b.robot.writing != nil {
		t.Error("something is left of a cancelled export")
	}
}

func TestFolderOfADatasetIsANewOne(t *testing.T) {
	dir := t.TempDir()
	first := freshFolder(dir, "run-lerobot")
	if err := os.Mkdir(first, 0o755); err != nil {
		t.Fatal(err)
	}
	if second := freshFolder(dir, "run-lerobot"); second != filepath.Join(dir, "run-lerobot-2") {
		t.Errorf("second %q", second)
	}
}
