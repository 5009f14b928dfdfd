module hon.example/goserver

go 1.26
