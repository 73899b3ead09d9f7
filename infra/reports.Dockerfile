# The job that builds reports on Azure (docs/reporting.md): the product with DuckDB, as nobody in particular.
#   az acr build --registry REGISTRY --image reports:1 --file infra/reports.Dockerfile .
# What is sent is what .dockerignore lets in. Files come with their hashes, as on every deployment.
FROM python:3.11-slim-bookworm

ENV PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 SYNC_CONNECTIONS=/app/connections.toml
WORKDIR /app
COPY requirements.txt requirements-reporting.txt ./
RUN python -m pip install --no-cache-dir --require-hashes -r requirements.txt -r requirements-reporting.txt
COPY sync ./sync
COPY connections.toml ./
RUN install -d -o 10001 -g 10001 /data
USER 10001:10001
ENTRYPOINT ["python", "-m", "sync", "report", "build", "--folder", "/data"]
