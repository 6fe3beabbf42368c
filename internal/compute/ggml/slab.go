package ggml

// slab is one large buffer that many lasting weights share. Decoding reads every weight once a
// token: in one piece of large pages that costs fewer address translations than in hundreds of
// small ones.
type slab struct {
	buft   ptr
	buffer ptr
	next   ptr // the first free address
	end    ptr
	// tenants is the number of arrays in it; the last one to go frees it.
	tenants int
}

const slabSize = 32 << 20

// fromSlab places size bytes in a slab of the buffer type, or returns nil where they are too
// many to share.
func (b *backend) fromSlab(buft ptr, size uintptr) (*slab, ptr) {
	if size > slabSize/2 {
		return nil, 0
	}
	for _, s := range b.slabs {
		if s.buft == buft && s.next+size <= s.end {
			return s, s.take(size)
		}
	}
	buffer := b.buft_alloc(buft, slabSize)
	if buffer == 0 {
		return nil, 0
	}
	b.buffer_usage(buffer, usageWeights)
	base := b.buffer_base(buffer)
	largePages(base, slabSize)
	s := &slab{buft: buft, buffer: buffer, next: base, end: base + b.buffer_size(buffer)}
	b.slabs = append(b.slabs, s)
	return s, s.take(size)
}

func (s *slab) take(size uintptr) ptr {
	at := s.next
	s.next += size
	s.tenants++
	return at
}

// leave ends one array's stay.
func (b *backend) leave(s *slab) {
	if s.tenants--; s.tenants > 0 {
		return
	}
	b.buffer_free(s.buffer)
	for i, other := range b.slabs {
		if other == s {
			b.slabs = append(b.slabs[:i], b.slabs[i+1:]...)
			return
		}
	}
}
