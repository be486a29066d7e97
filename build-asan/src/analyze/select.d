build-asan/src/analyze/select.o: src/analyze/select.c \
 src/analyze/select.h src/model/snapshot.h src/model/kind.h \
 src/model/loss.h src/model/module.h src/analyze/identity.h
src/analyze/select.h:
src/model/snapshot.h:
src/model/kind.h:
src/model/loss.h:
src/model/module.h:
src/analyze/identity.h:
