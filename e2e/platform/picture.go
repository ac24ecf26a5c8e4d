package platform

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
)

// picture is an aws.png: one pixel, orange.
func picture() []byte {
	canvas := image.NewRGBA(image.Rect(0, 0, 1, 1))
	canvas.Set(0, 0, color.RGBA{R: 255, G: 153, A: 255})
	var text bytes.Buffer
	if err := png.Encode(&text, canvas); err != nil {
		panic(fmt.Sprintf("encode one pixel into memory: %v", err))
	}
	return text.Bytes()
}
