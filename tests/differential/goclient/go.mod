module hon.example/goclient

go 1.26
