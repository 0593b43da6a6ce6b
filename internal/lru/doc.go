// Package lru keeps the values that were used last, as many as fit into a number of bytes.
package lru
