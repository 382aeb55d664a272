// Peer: the official Go SDK. lists_sdk ENDPOINT CA_FILE PAGES touch|keep
// It is started with SSL_CERT_FILE, and silenced: by default it logs every request. It makes an HTTP client for each
// request; they share Go's default pool of connections.
package main

import (
	"os"
	"strconv"
	"strings"

	"github.com/jdcloud-api/jdcloud-sdk-go/core"
	vm "github.com/jdcloud-api/jdcloud-sdk-go/services/vm/apis"
	"github.com/jdcloud-api/jdcloud-sdk-go/services/vm/client"
	"github.com/jdcloud-api/jdcloud-sdk-go/services/vm/models"
)

func main() {
	pages, _ := strconv.Atoi(os.Args[3])
	keep := os.Args[4] == "keep"
	config := core.NewConfig()
	config.SetEndpoint(strings.TrimPrefix(os.Args[1], "https://"))
	config.SetScheme("https")
	service := client.NewVmClient(core.NewCredentials("AK", "SK"))
	service.SetConfig(config)
	service.DisableLogger()

	count, size := 0, 0
	var kept []models.Image
	for page := 1; page <= pages; page++ {
		request := vm.NewDescribeImagesRequest("cn-north-1")
		request.SetImageSource("private")
		request.SetPageNumber(page)
		request.SetPageSize(100)
		answer, err := service.DescribeImages(request)
		if err != nil {
			panic(err)
		}
		for _, image := range answer.Result.Images {
			count++
			size += image.SizeMB
			if keep {
				kept = append(kept, image)
			}
		}
	}
	if count != pages*100 || size == 0 || keep && len(kept) != count {
		panic(count)
	}
}
