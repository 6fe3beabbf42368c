package main

import (
	"flag"
	"fmt"
	"os"

	"winnow/internal/checkpoint"
)

func main() {
	kind := flag.String("type", "q8_0", "what matrices are stored as: q8_0, q5_0, q4_0, f16 or f32")
	flag.Usage = func() {
		fmt.Fprintln(flag.CommandLine.Output(), "usage: convert [-type q8_0|q5_0|q4_0|f16|f32] HF_DIR OUT_DIR")
		flag.PrintDefaults()
	}
	flag.Parse()
	types := map[string]checkpoint.Type{"q8_0": checkpoint.Q8_0, "q5_0": checkpoint.Q5_0, "q4_0": checkpoint.Q4_0,
		"f16": checkpoint.F16, "f32": checkpoint.F32}
	t, ok := types[*kind]
	if !ok || flag.NArg() != 2 {
		flag.Usage()
		os.Exit(2)
	}
	files, err := convert(flag.Arg(0), flag.Arg(1), t)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	for _, f := range files {
		fmt.Println(f)
	}
}
