package fonts

import _ "embed"

// Regular is Inter Regular.
//
//go:embed Inter-Regular.otf
var Regular []byte

// SemiBold is Inter SemiBold, the second of the two weights.
//
//go:embed Inter-SemiBold.otf
var SemiBold []byte

// Mono is JetBrains Mono Regular, for numbers.
//
//go:embed JetBrainsMono-Regular.ttf
var Mono []byte
