build-asan/src/symbolize/trim.o: src/symbolize/trim.c \
 src/symbolize/trim.h src/model/snapshot.h src/model/kind.h \
 src/model/loss.h src/model/module.h
src/symbolize/trim.h:
src/model/snapshot.h:
src/model/kind.h:
src/model/loss.h:
src/model/module.h:
