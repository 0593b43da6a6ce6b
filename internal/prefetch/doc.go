// Package prefetch asks the processor for memory that will be needed soon: a base and offsets go in, nothing comes out. Reading
// the places instead would make everything behind it wait. On processors other than amd64 and arm64 it does nothing.
package prefetch
