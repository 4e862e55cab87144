# a plugin whose handlers do what the transcripts want to watch
plugins += tests/conversation/fixture/fixture.so
plugins += tests/conversation/fixture/version.so
# a library that is preloaded
plugins += tests/conversation/fixture/late.so
