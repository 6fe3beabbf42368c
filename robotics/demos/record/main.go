package main

import (
	"bufio"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"
	"time"

	"winnow/robotics/demos"
)

func main() {
	if err := run(os.Args[1:], os.Stdout, os.Stderr); err != nil && !errors.Is(err, syscall.EPIPE) {
		fmt.Fprintln(os.Stderr, "record:", err)
		os.Exit(1)
	}
}

func run(args []string, out, say io.Writer) error {
	fs := flag.NewFlagSet("record", flag.ContinueOnError)
	fs.SetOutput(say)
	var (
		o       demos.Options
		stream  = fs.Bool("stream", false, "write records to standard output")
		shards  = fs.String("shards", "", "folder for files of records, pictures as JPEG")
		quality = fs.Int("quality", 80, "of the JPEGs in shards")
		limit   = fs.Int64("bytes", 0, "stop before shards grow beyond this")
		names   = fs.String("suites", "", "by commas; all without")
		tasks   = fs.String("tasks", "", "by commas; all of the suites' without")
		learner = fs.String("learner", "", "folder of a policy that acts first, from where the expert goes on")
		method  = fs.String("method", "", "that the learner is pruned by, such as cogvla,schedule=deep_all,average=0.5")
	)
	fs.Uint64Var(&o.First, "seed", 1, "seed of the first episode; the k-th after it has seed + k")
	fs.Uint64Var(&o.Count, "count", 0, "episodes to play, failed ones included; 0: no end")
	fs.IntVar(&o.Size, "size", 96, "side of a picture in pixels")
	fs.IntVar(&o.Every, "every", 1, "steps from one pair of pictures to the next")
	fs.IntVar(&o.After, "after", 5, "steps that follow on success")
	fs.IntVar(&o.Workers, "workers", 1, "episodes played at once; best a divisor of the number of tasks")
	fs.IntVar(&o.Lead, "lead", 0, "steps that the learner takes at most")
	fs.BoolVar(&o.Exact, "exact", false, "experts without noise")
	if err := fs.Parse(args); err != nil {
		return err
	}
	o.Suites, o.Tasks = split(*names), split(*tasks)
	if *learner != "" {
		o.Learner = func() (demos.Learner, error) { return open(*learner, *method) }
	}
	begun := time.Now()
	var c demos.Counts
	var err error
	switch {
	case *stream == (*shards != ""):
		return fmt.Errorf("say -stream or -shards DIR, one of the two")
	case *stream:
		w := bufio.NewWriterSize(out, 1<<20)
		if c, err = demos.Stream(w, o, 0); err == nil {
			err = w.Flush()
		}
	default:
		c, err = demos.Shards(*shards, o, *quality, 8<<20, *limit)
	}
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(say, "%v; %.1f seconds\n", c, time.Since(begun).Seconds())
	return err
}

func split(s string) []string {
	if s == "" {
		return nil
	}
	return strings.Split(s, ",")
}
