import { useQuery } from "@tanstack/react-query";
import { cashQuery, forecastQuery } from "../../api/queries";
import { CashChart } from "../../charts/cash-chart";
import { ForecastChart } from "../../charts/forecast-chart";
import { Card } from "../../ui/pieces";

export function Beat() {
  const cash = useQuery(cashQuery);
  const forecast = useQuery(forecastQuery("PMP-C40", "DACH"));
  return (
    <div style={{ display: "grid", gap: 16 }}>
      <Card title="Forecast">{forecast.data && <ForecastChart series={forecast.data} />}</Card>
      <Card title="Cash">{cash.data && <CashChart cash={cash.data} />}</Card>
    </div>
  );
}
