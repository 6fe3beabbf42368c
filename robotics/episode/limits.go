package episode

// Limits of an episode, in memory and in its file. They are far above what a benchmark needs; a
// file that goes beyond them is damaged, and the reader says so before it asks for memory.
const (
	MaxDims     = 1024      // numbers in a state or an action
	MaxCameras  = 16        //
	MaxSide     = 8192      // pixels of a camera's width or height
	MaxSteps    = 1_000_000 //
	MaxChunk    = 1024      // actions in a predicted chunk
	MaxMask     = 1 << 20   // cells of a kept mask
	MaxPicture  = 64 << 20  // bytes of an encoded picture
	MaxFPS      = 100_000   //
	MaxText     = 64 << 10  // bytes of any text
	maxHeader   = 4 << 20   // bytes of the file's JSON header
	maxMeasured = 1e300     // so that sums of measured and counted numbers stay finite
)
