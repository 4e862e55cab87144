# a plugin whose handlers do what the transcripts want to watch
plugins += tests/conversation/fixture/fixture.so
plugins += tests/conversation/fixture/version.so
# a library that is preloaded, into shells too: no sanitizer comes along
plugins += tests/conversation/fixture/late.so
tests/conversation/fixture/late.so: LDFLAGS += -fno-sanitize=all
