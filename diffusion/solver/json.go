package solver

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"strconv"
	"strings"
)

// keys are the entries of a config file, those of other classes with them: they must survive a
// change of class.
type keys map[string]json.RawMessage

// Number is a float64 that JSON may write as "-Infinity".
type Number float64

func (n Number) MarshalJSON() ([]byte, error) {
	switch v := float64(n); {
	case math.IsInf(v, -1):
		return []byte(`"-Infinity"`), nil
	case math.IsInf(v, 1):
		return []byte(`"Infinity"`), nil
	default:
		return json.Marshal(v)
	}
}

func (n *Number) UnmarshalJSON(text []byte) error {
	word := strings.Trim(string(text), `"`)
	if word == "null" {
		return nil
	}
	v, err := strconv.ParseFloat(word, 64) // knows Infinity
	if err != nil {
		return fmt.Errorf("%s is no number", text)
	}
	*n = Number(v)
	return nil
}

// ParseConfig reads a scheduler_config.json, also one with a bare -Infinity in it. Keys that the
// class does not know are kept for As. The class need not be one that New knows.
func ParseConfig(text []byte) (Config, error) {
	var k keys
	if err := json.Unmarshal(quoteInfinities(text), &k); err != nil {
		return Config{}, fmt.Errorf("the scheduler config is no JSON object: %w", err)
	}
	var class string
	if err := json.Unmarshal(k["_class_name"], &class); err != nil || class == "" {
		return Config{}, fmt.Errorf("the scheduler config has no _class_name: take the scheduler_config.json of a diffusers folder")
	}
	return k.read(class)
}

// As is the config with which diffusers' from_config makes another class from this one: the
// file's own entries are kept, what was only a default is the new class's default.
func (c Config) As(class string) (Config, error) {
	k := c.keys
	if k == nil { // made in Go: every field counts as said
		text, err := json.Marshal(c)
		if err != nil {
			return Config{}, fmt.Errorf("the config of %s holds a number that JSON lacks: %w", c.Class, err)
		}
		if err := json.Unmarshal(text, &k); err != nil {
			return Config{}, err
		}
		if c.Class == Flow != (class == Flow) {
			delete(k, "prediction_type")
		}
	}
	return k.read(class)
}

func (k keys) read(class string) (Config, error) {
	c := Default(class)
	k = maps.Clone(k)
	delete(k, "_class_name")
	text, err := json.Marshal(k)
	if err != nil {
		return Config{}, err
	}
	if err := json.Unmarshal(text, &c); err != nil {
		return Config{}, fmt.Errorf("the config of %s does not read: %w", class, err)
	}
	c.keys = k
	c.translate()
	return c, nil
}

// translate does what the classes do with each other's words.
func (c *Config) translate() {
	switch c.Class {
	case DPM:
		if c.Algorithm == "deis" {
			c.Algorithm = "dpmsolver++"
		}
		if c.Type == "logrho" || c.Type == "bh1" || c.Type == "bh2" {
			c.Type = "midpoint"
		}
	case UniPC:
		if c.Type == "midpoint" || c.Type == "heun" || c.Type == "logrho" {
			c.Type = "bh2"
		}
	case Euler:
		if c.Prediction == "original_sample" {
			c.Prediction = Sample
		}
	case Flow:
		c.Prediction = Velocity // the class knows no other
	}
}

// quoteInfinities puts quotes round the words that Python writes and JSON lacks.
func quoteInfinities(text []byte) []byte {
	var out strings.Builder
	inside := false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case inside && c == '\\' && i+1 < len(text):
			out.WriteByte(c)
			i++
			out.WriteByte(text[i])
			continue
		case c == '"':
			inside = !inside
		case !inside:
			if word := infinityAt(text[i:]); word != "" {
				out.WriteString(`"` + word + `"`)
				i += len(word) - 1
				continue
			}
		}
		out.WriteByte(text[i])
	}
	return []byte(out.String())
}

func infinityAt(text []byte) string {
	for _, word := range []string{"-Infinity", "Infinity"} {
		if strings.HasPrefix(string(text[:min(len(text), len(word))]), word) {
			return word
		}
	}
	return ""
}
