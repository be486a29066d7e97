build-asan/src/symbolize/symbolizer.o: src/symbolize/symbolizer.c \
 src/symbolize/symbolizer.h src/model/snapshot.h src/model/kind.h \
 src/model/loss.h src/model/module.h src/symbolize/code_file.h \
 src/symbolize/text_pool.h src/symbolize/trim.h src/symbolize/demangle.h \
 src/symbolize/printable.h
src/symbolize/symbolizer.h:
src/model/snapshot.h:
src/model/kind.h:
src/model/loss.h:
src/model/module.h:
src/symbolize/code_file.h:
src/symbolize/text_pool.h:
src/symbolize/trim.h:
src/symbolize/demangle.h:
src/symbolize/printable.h:
