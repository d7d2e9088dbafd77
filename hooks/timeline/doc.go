// Package timeline answers why an application started so late.
package timeline
