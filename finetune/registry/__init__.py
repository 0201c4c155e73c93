"""The registry: every adapter that a shop has trained, what it was made from, what it scored, and which one serves.

It lies in the shop's state directory (`shop/state/registry`), beside the customers' data and not with the models that
all shops share: an adapter made from a shop's consultations is that shop's data, is erased with it, and goes where the
state goes. A process that serves another state, as every eval and every test does, serves the project's own model.

    versions/ID/version.json      what it is: files, data, recipe, parent, base; never changed
    versions/ID/adapter/          the adapter's files, and lineage.jsonl.gz: sample -> consultation -> customer key
    builds/ID/                    merged weights and GGUF made from it; can be made again
    current.json                  which version serves; replaced in one step
    log.jsonl                     every add, eval, publish, refusal and rollback, with reasons and figures
"""
