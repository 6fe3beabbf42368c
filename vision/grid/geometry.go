package grid

import "math"

// Rect is an axis-parallel rectangle in continuous coordinates: pixel (i, j) covers [i, i+1) × [j, j+1).
type Rect struct {
	X0 float64 `json:"x0"`
	Y0 float64 `json:"y0"`
	X1 float64 `json:"x1"`
	Y1 float64 `json:"y1"`
}

// W is the width of r.
func (r Rect) W() float64 { return r.X1 - r.X0 }

// H is the height of r.
func (r Rect) H() float64 { return r.Y1 - r.Y0 }

// Empty reports whether r covers no area.
func (r Rect) Empty() bool { return !(r.X1 > r.X0 && r.Y1 > r.Y0) }

// Contains reports whether (x, y) lies in r; the right and lower edges are outside.
func (r Rect) Contains(x, y float64) bool { return x >= r.X0 && x < r.X1 && y >= r.Y0 && y < r.Y1 }

// Intersect is the part common to r and s, the zero Rect if there is none.
func (r Rect) Intersect(s Rect) Rect {
	c := Rect{math.Max(r.X0, s.X0), math.Max(r.Y0, s.Y0), math.Min(r.X1, s.X1), math.Min(r.Y1, s.Y1)}
	if c.Empty() {
		return Rect{}
	}
	return c
}

// Geometry says which part of a picture a model saw.
type Geometry struct {
	// SourceW and SourceH are the size of the picture in pixels, upright (after EXIF orientation).
	SourceW int `json:"source_w"`
	SourceH int `json:"source_h"`
	// Box is the rectangle of the picture, in source pixels, that became the model's input. With
	// padding it is larger than the picture.
	Box Rect `json:"box"`
	// ModelW and ModelH are the size of the model's input in pixels.
	ModelW int `json:"model_w"`
	ModelH int `json:"model_h"`
}

// ToSource maps a point of the model's input to the picture.
func (g Geometry) ToSource(mx, my float64) (x, y float64) {
	return g.Box.X0 + mx*g.Box.W()/float64(g.ModelW), g.Box.Y0 + my*g.Box.H()/float64(g.ModelH)
}

// ToModel maps a point of the picture to the model's input; points the model does not see land outside
// [0, ModelW) × [0, ModelH).
func (g Geometry) ToModel(x, y float64) (mx, my float64) {
	return (x - g.Box.X0) * float64(g.ModelW) / g.Box.W(), (y - g.Box.Y0) * float64(g.ModelH) / g.Box.H()
}

// Picture is the whole picture as a rectangle.
func (g Geometry) Picture() Rect { return Rect{0, 0, float64(g.SourceW), float64(g.SourceH)} }

// Visible is the part of the picture that the model sees: Box without padding.
func (g Geometry) Visible() Rect { return g.Box.Intersect(g.Picture()) }

// SeenShare is the fraction of the picture's area that the model sees, 0 to 1.
func (g Geometry) SeenShare() float64 {
	v, p := g.Visible(), g.Picture()
	if p.Empty() {
		return 0
	}
	return v.W() * v.H() / (p.W() * p.H())
}
