// A cluster of three control-plane processes that elect a leader for each of four components, lose one to SIGKILL and one to
// SIGTERM, and go on. Without arguments it needs no cluster: it serves an in-memory API server on loopback.
//
//   dotnet run --project samples/ApplicationCluster [-- --kubeconfig PATH [--namespace NAME]] [--lease SECONDS] [--logs]
using ApplicationCluster;

return args is ["replica", ..]
    ? await Replica.RunAsync(args[1..])
    : await Director.RunAsync(args);
