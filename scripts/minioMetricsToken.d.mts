/** A JSON Web Token with which MinIO's metrics are read; signed with the secret of its root user. */
export function minioMetricsToken(rootUser: string, rootPassword: string): string;
