module example.test/beside

go 1.24
