// Nothing is what each Go program is at the least.
package main

func main() {}
