# what the official clients are watched with
plugins += tests/clients/fixture/fixture.so
