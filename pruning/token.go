package pruning

// Kind says what a row of the sequence stands for.
type Kind uint8

// The kinds of rows.
const (
	Text Kind = iota
	Visual
	Action
	Proprio
	Special
)

var kindNames = [...]string{"text", "visual", "action", "proprio", "special"}

func (k Kind) String() string { return kindNames[k] }

// Part says which part of the prompt a row belongs to.
type Part uint8

// The parts of a prompt. Header is what stands before the answer ("ASSISTANT:").
const (
	System Part = iota
	User
	Header
	Answer
)

// Token is one row of the sequence.
type Token struct {
	Kind Kind
	Part Part
	// Picture is the index of the picture of a visual token, -1 otherwise.
	Picture int
	// Row and Col are the cell in that picture's patch grid.
	Row, Col int
	// Position is where the row stood in the full sequence; it never changes.
	Position int
	// ID is the vocabulary id of a text token, -1 otherwise.
	ID int
}

// Spans returns the indices of rows of one kind, ascending.
func Spans(tokens []Token, kind Kind) []int {
	var out []int
	for i, t := range tokens {
		if t.Kind == kind {
			out = append(out, i)
		}
	}
	return out
}

// FirstOf is the index of the first row of a part, or -1.
func FirstOf(tokens []Token, part Part) int {
	for i, t := range tokens {
		if t.Part == part {
			return i
		}
	}
	return -1
}
