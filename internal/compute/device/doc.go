// Package device lists the devices of this machine and opens one for computing.
//
// An id is auto, cpu, vulkan:0, cuda:0, metal:0 or ref. auto takes the first real GPU, else the
// CPU through ggml, else ref: plain Go, slow, but always there. The choice is explained in a
// sentence where a person should know.
package device
