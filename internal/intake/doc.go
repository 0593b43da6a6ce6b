// Package intake holds what all inputs tell about themselves. The inputs are the folders below it.
//
//	sender ──bytes──▶ intake/<kind> ──event.Batch──▶ pipeline
package intake
